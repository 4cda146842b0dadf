import { CliError, type Command } from '../command.ts';

const help = `nexus completion: teach your shell to complete commands and flags

  source <(nexus completion bash)       in ~/.bashrc
  source <(nexus completion zsh)        in ~/.zshrc
  nexus completion fish | source        in ~/.config/fish/config.fish
`;

interface Known {
  name: string;
  summary: string;
  flags: string[];
}

/** What a command takes is what its help teaches. */
const known = ({ name, summary, help: text }: Command): Known => ({ name, summary, flags: [...new Set(text.match(/--[a-z][a-z-]*/g) ?? [])].sort() });

const cases = (commands: readonly Known[]): string => commands.map(({ name, flags }) => `    ${name}) words="${flags.join(' ')}" ;;`).join('\n');

/** zsh runs bash's own kind of completion after bashcompinit. */
const bash = (commands: readonly Known[]): string => `_nexus() {
  local words current="\${COMP_WORDS[COMP_CWORD]}"
  case "\${COMP_WORDS[1]}" in
${cases(commands)}
    *) words="" ;;
  esac
  [ "$COMP_CWORD" -eq 1 ] && words="${commands.map(({ name }) => name).join(' ')} --help --version"
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _nexus nexus
`;

const quoted = (text: string): string => `'${text.replaceAll("'", "\\'")}'`;

const fish = (commands: readonly Known[]): string =>
  commands
    .flatMap(({ name, summary, flags }) => [
      `complete -c nexus -n __fish_use_subcommand -a ${name} -d ${quoted(summary)}`,
      ...flags.map((flag) => `complete -c nexus -n '__fish_seen_subcommand_from ${name}' -l ${flag.slice(2)}`),
    ])
    .map((line) => `${line}\n`)
    .join('');

const scripts: Readonly<Record<string, (commands: readonly Known[]) => string>> = {
  bash,
  zsh: (commands) => `autoload -U +X compinit && compinit\nautoload -U +X bashcompinit && bashcompinit\n${bash(commands)}`,
  fish,
};

/** @param commands all the others */
export const completionCommand = (commands: readonly Command[]): Command => ({
  name: 'completion',
  summary: 'complete commands and flags in your shell',
  help,
  run: async ([shell = ''], io) => {
    const script = Object.hasOwn(scripts, shell) ? scripts[shell] : undefined;
    if (script === undefined) throw new CliError('cli.usage', `Name your shell, one of ${Object.keys(scripts).join(', ')}: nexus completion bash`);
    io.out(script(commands.map(known)));
    return 0;
  },
});
