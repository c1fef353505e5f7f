/** Every verb's words and one-line summary; the verb itself is loaded when it is called. Start-up reads only this. */
import type { Verb } from '#cli/grammar/command.ts'

export interface CommandEntry {
  /** The words of the verb in usage lines. */
  readonly words: string
  /** Every way to call it, in the order help lists them. */
  readonly names: readonly string[]
  readonly summary: string
  readonly load: () => Promise<Verb>
}

type Names = readonly string[]

/** `names`: the words to show first, then how help orders them all. */
function entry(words: string, names: Names, summary: string): (load: () => Promise<Verb>) => CommandEntry {
  return (load) => ({ words, names, summary, load })
}

/** A verb of a group that also stands alone: `stop` and `container stop`. */
function both(group: string, word: string, summary: string): (load: () => Promise<Verb>) => CommandEntry {
  return entry(word, [`${group} ${word}`, word], summary)
}

export const groups: ReadonlyMap<string, string> = new Map([
  ['builder', 'Manage the build cache'],
  ['checkpoint', 'Manage checkpoints'],
  ['container', 'Manage containers'],
  ['context', 'Manage contexts'],
  ['image', 'Manage images'],
  ['network', 'Manage networks'],
  ['node', 'Manage swarm nodes'],
  ['plugin', 'Manage plugins'],
  ['service', 'Manage swarm services'],
  ['stack', 'Manage swarm stacks'],
  ['swarm', 'Manage a swarm'],
  ['system', 'Manage the engine'],
  ['volume', 'Manage volumes'],
])

export const commandTable: readonly CommandEntry[] = [
  both(
    'container',
    'attach',
    'Connect the terminal to a running container',
  )(() => import('#cli/commands/attach.ts').then((m) => m.attach)),
  entry(
    'build',
    ['image build', 'build', 'builder build'],
    'Build an image from a Dockerfile',
  )(() => import('#cli/commands/build.ts').then((m) => m.build)),
  entry(
    'builder prune',
    ['builder prune'],
    'Remove the build cache',
  )(() => import('#cli/commands/builder-prune.ts').then((m) => m.builderPrune)),
  entry(
    'checkpoint ls',
    ['checkpoint ls', 'checkpoint list'],
    'List the checkpoints of a container',
  )(() => import('#cli/commands/checkpoint-ls.ts').then((m) => m.checkpointLs)),
  both(
    'container',
    'commit',
    'Make an image of a container',
  )(() => import('#cli/commands/commit.ts').then((m) => m.commit)),
  entry(
    'completion',
    ['completion'],
    'Print a completion script for a shell',
  )(() => import('#cli/commands/completion.ts').then((m) => m.completion)),
  entry(
    'container inspect',
    ['container inspect'],
    'Show the details of containers',
  )(() => import('#cli/commands/container-inspect.ts').then((m) => m.containerInspect)),
  entry(
    'container prune',
    ['container prune'],
    'Remove stopped containers',
  )(() => import('#cli/commands/container-prune.ts').then((m) => m.containerPrune)),
  entry(
    'context create',
    ['context create'],
    'Make a context',
  )(() => import('#cli/commands/context-create.ts').then((m) => m.contextCreate)),
  entry(
    'context export',
    ['context export'],
    'Write a context to a tar archive',
  )(() => import('#cli/commands/context-export.ts').then((m) => m.contextExport)),
  entry(
    'context import',
    ['context import'],
    'Read a context from a tar archive',
  )(() => import('#cli/commands/context-import.ts').then((m) => m.contextImport)),
  entry(
    'context inspect',
    ['context inspect'],
    'Show the details of contexts',
  )(() => import('#cli/commands/context-inspect.ts').then((m) => m.contextInspect)),
  entry(
    'context ls',
    ['context ls', 'context list'],
    'List contexts',
  )(() => import('#cli/commands/context-ls.ts').then((m) => m.contextLs)),
  entry(
    'context rm',
    ['context rm', 'context remove'],
    'Remove contexts',
  )(() => import('#cli/commands/context-rm.ts').then((m) => m.contextRm)),
  entry(
    'context show',
    ['context show'],
    'Print the name of the current context',
  )(() => import('#cli/commands/context-show.ts').then((m) => m.contextShow)),
  entry(
    'context update',
    ['context update'],
    'Change a context',
  )(() => import('#cli/commands/context-update.ts').then((m) => m.contextUpdate)),
  entry(
    'context use',
    ['context use'],
    'Make a context the current one',
  )(() => import('#cli/commands/context-use.ts').then((m) => m.contextUse)),
  both(
    'container',
    'cp',
    'Copy files between a container and this machine',
  )(() => import('#cli/commands/cp.ts').then((m) => m.cp)),
  both(
    'container',
    'create',
    'Make a container without starting it',
  )(() => import('#cli/commands/create.ts').then((m) => m.create)),
  both(
    'container',
    'diff',
    'List what changed in a container',
  )(() => import('#cli/commands/diff.ts').then((m) => m.diff)),
  entry(
    'events',
    ['system events', 'events'],
    'Show what happens as it happens',
  )(() => import('#cli/commands/events.ts').then((m) => m.events)),
  both(
    'container',
    'exec',
    'Run a program in a running container',
  )(() => import('#cli/commands/exec.ts').then((m) => m.exec)),
  both(
    'container',
    'export',
    "Write a container's filesystem as a tar archive",
  )(() => import('#cli/commands/export.ts').then((m) => m.exportContainer)),
  both(
    'image',
    'history',
    'List the layers of an image',
  )(() => import('#cli/commands/history.ts').then((m) => m.history)),
  entry(
    'image inspect',
    ['image inspect'],
    'Show the details of images',
  )(() => import('#cli/commands/image-inspect.ts').then((m) => m.imageInspect)),
  entry(
    'image prune',
    ['image prune'],
    'Remove unused images',
  )(() => import('#cli/commands/image-prune.ts').then((m) => m.imagePrune)),
  entry(
    'images',
    ['image ls', 'image list', 'images'],
    'List images',
  )(() => import('#cli/commands/images.ts').then((m) => m.images)),
  both(
    'image',
    'import',
    'Make an image of a filesystem archive',
  )(() => import('#cli/commands/import.ts').then((m) => m.importImage)),
  entry(
    'info',
    ['system info', 'info'],
    'Show facts about the engine',
  )(() => import('#cli/commands/info.ts').then((m) => m.info)),
  entry(
    'inspect',
    ['inspect'],
    'Show the details of anything',
  )(() => import('#cli/commands/inspect.ts').then((m) => m.inspect)),
  both('container', 'kill', 'Send a signal to containers')(() => import('#cli/commands/kill.ts').then((m) => m.kill)),
  both('image', 'load', 'Read images from a tar archive')(() => import('#cli/commands/load.ts').then((m) => m.load)),
  entry('login', ['login'], 'Log in to a registry')(() => import('#cli/commands/login.ts').then((m) => m.login)),
  entry(
    'logout',
    ['logout'],
    'Forget the login of a registry',
  )(() => import('#cli/commands/logout.ts').then((m) => m.logout)),
  both('container', 'logs', 'Show what a container wrote')(() => import('#cli/commands/logs.ts').then((m) => m.logs)),
  entry(
    'network connect',
    ['network connect'],
    'Connect a container to a network',
  )(() => import('#cli/commands/network-connect.ts').then((m) => m.networkConnect)),
  entry(
    'network create',
    ['network create'],
    'Make a network',
  )(() => import('#cli/commands/network-create.ts').then((m) => m.networkCreate)),
  entry(
    'network disconnect',
    ['network disconnect'],
    'Disconnect a container from a network',
  )(() => import('#cli/commands/network-disconnect.ts').then((m) => m.networkDisconnect)),
  entry(
    'network inspect',
    ['network inspect'],
    'Show the details of networks',
  )(() => import('#cli/commands/network-inspect.ts').then((m) => m.networkInspect)),
  entry(
    'network ls',
    ['network ls', 'network list'],
    'List networks',
  )(() => import('#cli/commands/network-ls.ts').then((m) => m.networkLs)),
  entry(
    'network prune',
    ['network prune'],
    'Remove unused networks',
  )(() => import('#cli/commands/network-prune.ts').then((m) => m.networkPrune)),
  entry(
    'network rm',
    ['network rm', 'network remove'],
    'Remove networks',
  )(() => import('#cli/commands/network-rm.ts').then((m) => m.networkRm)),
  entry(
    'node ls',
    ['node ls', 'node list'],
    'List the nodes of the swarm',
  )(() => import('#cli/commands/swarm-list.ts').then((m) => m.nodeLs)),
  both(
    'container',
    'pause',
    'Freeze the processes of containers',
  )(() => import('#cli/commands/pause.ts').then((m) => m.pause)),
  entry(
    'plugin ls',
    ['plugin ls', 'plugin list'],
    'List plugins',
  )(() => import('#cli/commands/plugin-ls.ts').then((m) => m.pluginLs)),
  both('container', 'port', 'List published ports')(() => import('#cli/commands/port.ts').then((m) => m.port)),
  entry(
    'ps',
    ['container ls', 'container list', 'container ps', 'ps'],
    'List containers',
  )(() => import('#cli/commands/ps.ts').then((m) => m.ps)),
  both('image', 'pull', 'Fetch an image from a registry')(() => import('#cli/commands/pull.ts').then((m) => m.pull)),
  both('image', 'push', 'Send an image to a registry')(() => import('#cli/commands/push.ts').then((m) => m.push)),
  both(
    'container',
    'rename',
    'Give a container another name',
  )(() => import('#cli/commands/rename.ts').then((m) => m.rename)),
  both(
    'container',
    'restart',
    'Stop containers and start them again',
  )(() => import('#cli/commands/restart.ts').then((m) => m.restart)),
  entry(
    'rm',
    ['container rm', 'container remove', 'rm'],
    'Remove containers',
  )(() => import('#cli/commands/rm.ts').then((m) => m.rm)),
  entry(
    'rmi',
    ['image rm', 'image remove', 'rmi'],
    'Remove images',
  )(() => import('#cli/commands/rmi.ts').then((m) => m.rmi)),
  both(
    'container',
    'run',
    'Make a container from an image and run it',
  )(() => import('#cli/commands/run.ts').then((m) => m.run)),
  both('image', 'save', 'Write images as a tar archive')(() => import('#cli/commands/save.ts').then((m) => m.save)),
  entry(
    'search',
    ['search'],
    'Search the public registry for images',
  )(() => import('#cli/commands/search.ts').then((m) => m.search)),
  entry(
    'service ls',
    ['service ls', 'service list'],
    'List the services of the swarm',
  )(() => import('#cli/commands/swarm-list.ts').then((m) => m.serviceLs)),
  entry(
    'stack ls',
    ['stack ls', 'stack list'],
    'List the stacks of the swarm',
  )(() => import('#cli/commands/swarm-list.ts').then((m) => m.stackLs)),
  both('container', 'start', 'Start stopped containers')(() => import('#cli/commands/start.ts').then((m) => m.start)),
  both('container', 'stats', 'Show what containers use')(() => import('#cli/commands/stats.ts').then((m) => m.stats)),
  both('container', 'stop', 'Stop running containers')(() => import('#cli/commands/stop.ts').then((m) => m.stop)),
  entry(
    'swarm leave',
    ['swarm leave'],
    'Leave the swarm',
  )(() => import('#cli/commands/swarm-list.ts').then((m) => m.swarmLeave)),
  entry(
    'system df',
    ['system df'],
    'Show disk usage',
  )(() => import('#cli/commands/system-df.ts').then((m) => m.systemDf)),
  entry(
    'system dial-stdio',
    ['system dial-stdio'],
    'Connect STDIN and STDOUT to the engine',
  )(() => import('#cli/commands/system-dial-stdio.ts').then((m) => m.systemDialStdio)),
  entry(
    'system prune',
    ['system prune'],
    'Remove what is not used',
  )(() => import('#cli/commands/system-prune.ts').then((m) => m.systemPrune)),
  both('image', 'tag', 'Give an image another name')(() => import('#cli/commands/tag.ts').then((m) => m.tag)),
  both(
    'container',
    'top',
    'List the processes of a container',
  )(() => import('#cli/commands/top.ts').then((m) => m.top)),
  both(
    'container',
    'unpause',
    'Thaw the processes of containers',
  )(() => import('#cli/commands/unpause.ts').then((m) => m.unpause)),
  both(
    'container',
    'update',
    'Change the limits of containers',
  )(() => import('#cli/commands/update.ts').then((m) => m.update)),
  entry(
    'version',
    ['version'],
    'Show the versions of client and engine',
  )(() => import('#cli/commands/version.ts').then((m) => m.version)),
  entry(
    'volume create',
    ['volume create'],
    'Make a volume',
  )(() => import('#cli/commands/volume-create.ts').then((m) => m.volumeCreate)),
  entry(
    'volume inspect',
    ['volume inspect'],
    'Show the details of volumes',
  )(() => import('#cli/commands/volume-inspect.ts').then((m) => m.volumeInspect)),
  entry(
    'volume ls',
    ['volume ls', 'volume list'],
    'List volumes',
  )(() => import('#cli/commands/volume-ls.ts').then((m) => m.volumeLs)),
  entry(
    'volume prune',
    ['volume prune'],
    'Remove unused volumes',
  )(() => import('#cli/commands/volume-prune.ts').then((m) => m.volumePrune)),
  entry(
    'volume rm',
    ['volume rm', 'volume remove'],
    'Remove volumes',
  )(() => import('#cli/commands/volume-rm.ts').then((m) => m.volumeRm)),
  both('container', 'wait', 'Wait for containers to end')(() => import('#cli/commands/wait.ts').then((m) => m.wait)),
]

/** True for the first word of commands such as `network ls`. */
export function isGroup(word: string): boolean {
  return groups.has(word)
}

/** The verb that arguments begin with, and how many words it took; its words are those it was called by. */
export function findCommand(
  args: readonly string[],
): { readonly entry: CommandEntry; readonly wordCount: number } | undefined {
  for (const wordCount of [2, 1]) {
    const words = args.slice(0, wordCount).join(' ')
    if (args.length < wordCount) continue
    const entry = commandTable.find((candidate) => candidate.names.includes(words))
    if (entry !== undefined) return { entry: { ...entry, words }, wordCount }
  }
  return undefined
}
