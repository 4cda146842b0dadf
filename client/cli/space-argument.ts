import type { SpaceDescription } from '../../shared/http/spaces.ts';
import type { Nexus } from '../index.ts';
import { CliError, type Io } from './command.ts';

export const spaceFlag = { space: { type: 'string' } } as const;

/**
 * The space of a command that takes nothing else: `nexus docs faq`, or with the flag that all commands take,
 * `nexus docs --space faq`.
 * @throws CliError `cli.usage`
 */
export const spaceOf = (flag: string | undefined, positionals: readonly string[], example: string): string => {
  const named = [...(flag === undefined ? [] : [flag]), ...positionals];
  const [spaceId] = named;
  if (spaceId === undefined || spaceId === '' || named.length > 1) throw new CliError('cli.usage', `Name one space: ${example}`);
  return spaceId;
};

/**
 * What to say of a space that does not exist: the API reads it as an empty one, and a mistyped name would look like that.
 * Undefined: it exists.
 */
export const unknownSpace = ({ space_id, created_at }: SpaceDescription): string | undefined =>
  created_at === null ? `There is no space ${space_id} here. nexus spaces lists those that there are.` : undefined;

/** The same, asked for when nothing was found. */
export const tellUnknownSpace = async (nexus: Nexus, spaceId: string, io: Io): Promise<void> => {
  const unknown = unknownSpace(await nexus.space(spaceId).describe());
  if (unknown !== undefined) io.err(`${unknown}\n`);
};
