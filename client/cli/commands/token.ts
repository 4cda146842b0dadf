import { CliError, type Command, durationMs, parseFlags, requireFlag } from '../command.ts';
import { localJwtSecret, mintToken } from '../mint-token.ts';
import { dataFolder } from '../settings.ts';

const example = 'nexus token --tenant t_a --project p1 --surface marketing';

const help = `nexus token: print a JWT for the local stack, and nothing else

  ${example}
  export NEXUS_TOKEN=$(npx ${example} --roles reader --ttl 8h)
  nexus token --tenant t_a --env dev,staging --project '*' --surface marketing,health
  nexus token --tenant t_system --project p1 --surface marketing      (writes the global spaces)

  --tenant ID        t_ and lower-case letters, digits, _ or -
  --project, --surface, --env NAME[,NAME…]
                     one value, several, or '*' for any; env is dev unless given.
                     With several, each call chooses one: --env, --project, --surface
  --roles LIST       of reader, writer, admin, system; writer unless given
  --ttl TIME         30s, 15m, 1h, 7d; 1h unless given
  --subject NAME     who the token is for; nexus-cli unless given
  --data DIR         data folder of the local stack; else NEXUS_DATA, else .nexus.
                     It is signed with the stack's own secret, or with NEXUS_JWT_SECRET when that is set
`;

const flags = {
  tenant: { type: 'string' },
  project: { type: 'string' },
  surface: { type: 'string' },
  env: { type: 'string', default: 'dev' },
  roles: { type: 'string', default: 'writer' },
  ttl: { type: 'string', default: '1h' },
  subject: { type: 'string', default: 'nexus-cli' },
  data: { type: 'string' },
} as const;

export const tokenCommand: Command = {
  name: 'token',
  summary: 'print a JWT for the local stack',
  help,
  run: async (argv, io) => {
    const { values, positionals } = parseFlags(argv, flags);
    if (positionals.length > 0) throw new CliError('cli.usage', `token takes flags only, not ${positionals[0]}. For example: ${example}`);
    const claims = {
      sub: values.subject,
      tenant_id: requireFlag('tenant', values.tenant, example),
      env: values.env,
      project_id: requireFlag('project', values.project, example),
      surface_id: requireFlag('surface', values.surface, example),
      roles: values.roles,
    };
    const lifeMs = durationMs('ttl', values.ttl);
    io.out(`${await mintToken(claims, await localJwtSecret(dataFolder(values.data, io), io), io.now(), lifeMs)}\n`);
    return 0;
  },
};
