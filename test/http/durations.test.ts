// What the histogram of durations says of what it was told: as prom-client's own would.
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { AggregatorRegistry, Histogram, Registry } from 'prom-client'
import { Durations } from '../../src/http/durations.ts'

const observed: [route: string, method: string, status: number, seconds: number][] = [
  ['/a', 'GET', 200, 0],
  ['/a', 'GET', 200, 0.0005],
  ['/a', 'GET', 200, 0.00051],
  ['/a', 'GET', 404, 0.3],
  ['/a', 'POST', 200, 10],
  ['/b "\\', 'GET', 200, 11],
  ['/b "\\', 'GET', 200, 1e6],
]

test('it is written as prom-client’s own, and adds up with that of other threads', async () => {
  const [ours, theirs] = [new Registry(), new Registry()]
  const durations = new Durations('seconds', 'Time.')
  ours.registerMetric(durations.metric)
  const histogram = new Histogram({
    name: 'seconds',
    help: 'Time.',
    labelNames: ['route', 'method', 'status'],
    buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [theirs],
  })
  for (const [route, method, status, seconds] of observed) {
    durations.observe(route, method, status, seconds)
    histogram.observe({ route, method, status: String(status) }, seconds)
  }
  const lines = async (registry: Pick<Registry, 'metrics'>): Promise<string[]> =>
    (await registry.metrics()).split('\n').toSorted()
  const text = await lines(ours)
  assert.ok(text.some((line) => line.startsWith('seconds_bucket{') && line.endsWith(' 2')))
  assert.deepEqual(text, await lines(theirs))
  const twice = async (registry: Registry): Promise<string[]> => {
    const one = await registry.getMetricsAsJSON()
    return lines(AggregatorRegistry.aggregate([one, one]))
  }
  assert.deepEqual(await twice(ours), await twice(theirs))
})
