/** Who a process in a container is: `user[:group]` looked up in the image's own passwd and group files. Pure. */
import { GantryError } from '#base/errors/gantry-error.ts'

export interface ProcessUser {
  readonly uid: number
  readonly gid: number
  readonly additionalGids: readonly number[]
  /** Home directory of the account, `/` when it has none. */
  readonly home: string
}

export interface AccountFiles {
  /** Text of /etc/passwd and /etc/group of the container; empty when absent. */
  readonly passwd: string
  readonly group: string
}

interface PasswdEntry {
  readonly name: string
  readonly uid: number
  readonly gid: number
  readonly home: string
}

interface GroupEntry {
  readonly name: string
  readonly gid: number
  readonly members: readonly string[]
}

const idMax = 2_147_483_647

function rows(text: string): string[][] {
  return text
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => line.split(':'))
}

function parsePasswd(text: string): PasswdEntry[] {
  return rows(text).map(([name = '', , uid = '', gid = '', , home = '']) => ({
    name,
    uid: Number(uid),
    gid: Number(gid),
    home,
  }))
}

function parseGroup(text: string): GroupEntry[] {
  return rows(text).map(([name = '', , gid = '', members = '']) => ({
    name,
    gid: Number(gid),
    members: members.split(',').filter((member) => member !== ''),
  }))
}

function numericId(text: string): number | undefined {
  return /^\d+$/.test(text) ? Number(text) : undefined
}

function checkRange(id: number): number {
  if (id > idMax) {
    throw new GantryError('ENGINE_USER_RANGE', 'invalid', `uids and gids must be in range 0-${idMax}`)
  }
  return id
}

function findGroup(wanted: string, groups: readonly GroupEntry[]): number {
  const found = groups.find((group) => group.name === wanted) ?? groups.find((group) => String(group.gid) === wanted)
  if (found !== undefined) return found.gid
  const id = numericId(wanted)
  if (id === undefined) {
    throw new GantryError(
      'ENGINE_GROUP_UNKNOWN',
      'invalid',
      `unable to find group ${wanted}: no matching entries in group file`,
      {
        remedy: 'Use a numeric id, or a name that /etc/group of the image has.',
      },
    )
  }
  return checkRange(id)
}

/**
 * Resolves Docker's `User` and `GroupAdd` against the container's own account files.
 * An account's supplementary groups count only when no group was named (as moby and runc do).
 * @throws GantryError when a name is unknown or an id out of range.
 */
export function planUser(user: string, groupAdd: readonly string[], accounts: AccountFiles): ProcessUser {
  const separator = user.indexOf(':')
  const wantedUser = separator < 0 ? user : user.slice(0, separator)
  const wantedGroup = separator < 0 ? '' : user.slice(separator + 1)
  const groups = parseGroup(accounts.group)
  const entries = parsePasswd(accounts.passwd)
  const sought = wantedUser === '' ? '0' : wantedUser
  const entry = entries.find((row) => row.name === sought) ?? entries.find((row) => String(row.uid) === sought)
  const uid = entry?.uid ?? numericId(sought)
  if (uid === undefined) {
    throw new GantryError(
      'ENGINE_USER_UNKNOWN',
      'invalid',
      `unable to find user ${sought}: no matching entries in passwd file`,
      {
        remedy: 'Use a numeric id, or a name that /etc/passwd of the image has.',
      },
    )
  }
  const gid = wantedGroup === '' ? (entry?.gid ?? 0) : findGroup(wantedGroup, groups)
  const ofAccount =
    wantedGroup === '' && entry !== undefined
      ? groups.filter((group) => group.members.includes(entry.name)).map((group) => group.gid)
      : []
  const added = groupAdd.map((name) => findGroup(name, groups))
  return {
    uid: checkRange(uid),
    gid,
    additionalGids: [...new Set([...ofAccount, ...added])],
    home: entry === undefined || entry.home === '' ? '/' : entry.home,
  }
}
