// The whole command line: global options, and one file for each noun.
import { Command, Option } from 'commander'
import { version } from '../version.ts'
import { addApplications } from './commands/applications.ts'
import { addAudit } from './commands/audit.ts'
import { addBackup } from './commands/backup.ts'
import { addClients } from './commands/clients.ts'
import { addDoctor } from './commands/doctor.ts'
import { addInspect } from './commands/inspect.ts'
import { addKeys } from './commands/keys.ts'
import { addLegacyTokens } from './commands/legacy-tokens.ts'
import { addLogin } from './commands/login.ts'
import { addMigrate } from './commands/migrate.ts'
import { addOrgs } from './commands/orgs.ts'
import { addScan } from './commands/scan.ts'
import { addServe } from './commands/serve.ts'
import { addSigningKeys } from './commands/signing-keys.ts'
import { addTokens } from './commands/tokens.ts'
import { addUsage } from './commands/usage.ts'
import { addUsers } from './commands/users.ts'
import { addVerify } from './commands/verify.ts'
import { example } from './context.ts'
import { parseServerUrl } from './server-url.ts'

/** The program. Parsing throws CommanderError where it would end the process. */
export const buildProgram = (): Command => {
  const program = new Command('latchkey')
    .description('Issue, verify, limit and revoke every credential that callers of an API use.')
    .version(version)
    .option('--json', 'print one JSON document and nothing else')
    .addOption(
      new Option(
        '--url <url>',
        'ask the Latchkey at this URL (after `latchkey login`) instead of the store of this folder',
      ).argParser(parseServerUrl),
    )
    .option('--verbose', 'show where an unexpected fault came from')
    .exitOverride()
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: (text, write) => write(text.replace(/^error: /, 'latchkey: ')) })
    .showHelpAfterError('Add --help to see how it is used.')
  addServe(program)
  addMigrate(program)
  addBackup(program)
  addDoctor(program)
  addUsers(program)
  addOrgs(program)
  addKeys(program)
  addTokens(program)
  addLegacyTokens(program)
  addClients(program)
  addApplications(program)
  addVerify(program)
  addInspect(program)
  addScan(program)
  addSigningKeys(program)
  addAudit(program)
  addUsage(program)
  addLogin(program)
  return example(program, 'latchkey keys create --user-id USER_ID --org-id ORG_ID --name "Production API Key"')
}
