// The dashboard of this process: built where it must be, read once, kept.
import { BuildFailure, ensureBuild } from './build.ts'
import { type DashboardFiles, readFiles } from './files.ts'

export interface Dashboard {
  /** undefined: it could not be built, which has been told. The first caller waits for the build, should there have to be one. */
  files: () => Promise<DashboardFiles | undefined>
}

const tellWatcher = (line: string): void => void process.stderr.write(`${line}\n`)

export const createDashboard = (tell: (line: string) => void = tellWatcher): Dashboard => {
  let files: Promise<DashboardFiles | undefined> | undefined
  const load = async (): Promise<DashboardFiles | undefined> => {
    try {
      return await readFiles(await ensureBuild(tell))
    } catch (error) {
      const reason = error instanceof BuildFailure ? error.message : String(error)
      tell(`The dashboard could not be built; everything else is served.\n${reason}`)
      return undefined
    }
  }
  return { files: () => (files ??= load()) }
}
