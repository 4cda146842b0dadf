import { CliError, type Command, parseFlags, printable } from '../command.ts';
import { connect, connectionFlags, connectionHelp } from '../settings.ts';
import { spaceFlag, spaceOf, tellUnknownSpace } from '../space-argument.ts';

const help = `nexus docs: list the documents of a space

  nexus docs faq
  nexus docs faq --filter '{"year": {"gte": 2025}}'
  nexus docs faq --doc guides/start.md          one document, with its text
  nexus docs faq --json                         the API's JSON, one page a line

${connectionHelp}
`;

const filterOf = (text: string | undefined): Record<string, unknown> | undefined => {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    throw new CliError('cli.usage', '--filter must be JSON, such as \'{"year": {"gte": 2025}}\'');
  }
};

const flags = { ...connectionFlags, ...spaceFlag, json: { type: 'boolean' }, filter: { type: 'string' }, doc: { type: 'string' } } as const;

export const docsCommand: Command = {
  name: 'docs',
  summary: 'list the documents of a space',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    const spaceId = spaceOf(values.space, positionals, 'nexus docs faq');
    const nexus = await connect(values, io);
    const { documents } = nexus.space(spaceId);
    if (values.doc !== undefined) {
      const document = await documents.get(values.doc, { text: true });
      io.out(values.json ? `${JSON.stringify(document)}\n` : `${printable(document.text ?? '')}\n`);
      return 0;
    }
    let count = 0;
    for await (const page of documents.list({ filter: filterOf(values.filter), limit: 100 }).pages()) {
      count += page.documents.length;
      if (values.json) io.out(`${JSON.stringify(page)}\n`);
      else
        for (const { doc_id, type, chunks, updated_at } of page.documents)
          io.out(`${printable(`${doc_id.padEnd(40)} ${type.padEnd(10)} ${String(chunks).padStart(5)} chunks  ${updated_at}`)}\n`);
    }
    if (count === 0) await tellUnknownSpace(nexus, spaceId, io);
    return 0;
  },
};
