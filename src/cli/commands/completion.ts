/** `completion`: prints a script that makes a shell ask this program for completions. */
import { exitWith } from '#cli/docker/exit.ts'
import type { Verb } from '#cli/grammar/command.ts'
import { exactly } from '#cli/grammar/command.ts'

const scripts: Readonly<Record<string, (program: string) => string>> = {
  bash: (program) => `_${program}_complete() {
  local IFS=$'\\n'
  COMPREPLY=($(${program} __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f1))
  if [ \${#COMPREPLY[@]} -eq 0 ]; then COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); fi
}
complete -F _${program}_complete ${program}
`,
  zsh: (program) => `#compdef ${program}
_${program}() {
  local -a found
  local line
  while IFS= read -r line; do
    found+=("\${line%%$'\\t'*}:\${line#*$'\\t'}")
  done < <(${program} __complete "\${words[@]:1:$((CURRENT-1))}" 2>/dev/null)
  if (( \${#found} )); then _describe '${program}' found; else _files; fi
}
compdef _${program} ${program}
`,
  fish: (program) => `function __${program}_complete
  set -l words (commandline -opc) (commandline -ct)
  ${program} __complete $words[2..-1] 2>/dev/null
end
complete -c ${program} -f -a '(__${program}_complete)'
`,
}

export const completion: Verb = {
  usage: 'bash|zsh|fish',
  flags: [],
  count: exactly(1),
  async run({ args, session }) {
    const script = scripts[args[0] ?? '']
    if (script === undefined) throw exitWith(1, `unknown shell "${args[0] ?? ''}": one of bash, zsh, fish`)
    await session.print(script(session.io.program))
  },
}
