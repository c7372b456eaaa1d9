// How many threads serve where nobody says.
import { availableParallelism } from 'node:os'

/** Whether the kernel shares a port out among those that listen on it (`reusePort` of Node's `net`). */
export const sharesPorts = ['linux', 'freebsd', 'sunos', 'aix'].includes(process.platform)

/** All cores that this process may use. */
export const usualWorkers = (): number => (sharesPorts ? availableParallelism() : 1)
