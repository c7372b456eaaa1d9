// Reports credentials that were found in files to the deployment that they are of, which tells their owners or ends them, as it is configured.
import type { LeakResult } from '../../leaks/report.ts'
import { type ManagementClient } from '../client.ts'

/** In one request: well below what the API takes. */
const maxBatch = 200
const maxPlaceLength = 2000

export interface FoundValue {
  value: string
  /** Where it was found. */
  place: string
}

/** What came of each value, by the value. One that was found in several places is reported once, with the first. Throws as requests do. */
export const reportFound = async (
  client: ManagementClient,
  found: readonly FoundValue[],
): Promise<ReadonlyMap<string, LeakResult>> => {
  const places = new Map<string, string>()
  for (const { value, place } of found) if (!places.has(value)) places.set(value, place.slice(0, maxPlaceLength))
  const items = [...places].map(([credential, url]) => ({ credential, url }))
  const done = new Map<string, LeakResult>()
  for (let start = 0; start < items.length; start += maxBatch) {
    const batch = items.slice(start, start + maxBatch)
    const { results } = (await client.request('POST', '/leaks', { items: batch })) as unknown as {
      results: readonly LeakResult[]
    }
    for (const [index, { credential }] of batch.entries()) {
      const result = results[index]
      if (result) done.set(credential, result)
    }
  }
  return done
}
