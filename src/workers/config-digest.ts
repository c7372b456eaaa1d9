// Whether a thread that is started later has the configuration that the others serve with.
import { hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import type { Config } from '../config/config.ts'

/** Of what the file says itself; undefined: there is none. */
export const configDigestOf = ({ configFile }: Pick<Config, 'configFile'>): string | undefined =>
  configFile === undefined ? undefined : hash('sha256', readFileSync(configFile))
