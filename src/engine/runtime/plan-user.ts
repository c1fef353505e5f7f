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
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined
}

function checkRange(id: number): number {
  if (id < 0 || id > idMax) {
    throw new GantryError('ENGINE_USER_RANGE', 'invalid', `uids and gids must be in range 0-${idMax}`, {
      remedy: 'Choose a smaller id.',
    })
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

/** Words of the daemon, where those of `findGroup` are the runtime's. */
function findAddedGroup(wanted: string, groups: readonly GroupEntry[]): number {
  const known = groups.some(({ name, gid }) => name === wanted || String(gid) === wanted)
  if (known || numericId(wanted) !== undefined) return findGroup(wanted, groups)
  throw new GantryError(
    'ENGINE_GROUP_UNKNOWN',
    'invalid',
    `Unable to find group ${wanted}: no matching entries in group file`,
    { remedy: 'Use a numeric id, or a name that /etc/group of the image has.' },
  )
}

function findUser(
  wanted: string,
  entries: readonly PasswdEntry[],
): { readonly uid: number; readonly entry: PasswdEntry | undefined } {
  const entry = entries.find((row) => row.name === wanted) ?? entries.find((row) => String(row.uid) === wanted)
  const uid = entry?.uid ?? numericId(wanted)
  if (uid === undefined) {
    throw new GantryError(
      'ENGINE_USER_UNKNOWN',
      'invalid',
      `unable to find user ${wanted}: no matching entries in passwd file`,
      {
        remedy: 'Use a numeric id, or a name that /etc/passwd of the image has.',
      },
    )
  }
  return { uid: checkRange(uid), entry }
}

/** Groups that name the account as a member. */
function groupsOf(entry: PasswdEntry | undefined, groups: readonly GroupEntry[]): number[] {
  if (entry === undefined) return []
  return groups.filter((group) => group.members.includes(entry.name)).map((group) => group.gid)
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
  const { uid, entry } = findUser(wantedUser === '' ? '0' : wantedUser, parsePasswd(accounts.passwd))
  const added = groupAdd.map((name) => findAddedGroup(name, groups))
  const named = wantedGroup !== ''
  const gid = named ? findGroup(wantedGroup, groups) : (entry?.gid ?? 0)
  return {
    uid,
    gid,
    // Its own group too: a setgid program would otherwise let the process out of rules against that group.
    additionalGids: [...new Set([gid, ...(named ? [] : groupsOf(entry, groups)), ...added])],
    home: entry === undefined || entry.home === '' ? '/' : entry.home,
  }
}
