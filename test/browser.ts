// A real Chromium for tests of pages. Where none is found the test is skipped and says so; with CI=true that is a failure.
import assert from 'node:assert/strict'
import type { TestContext } from 'node:test'
import axe from 'axe-core'
import { type Browser, type Page, chromium } from 'playwright-core'
import { programOrSkip } from './gateway/proxy-process.ts'

/** Closed when the test ends. undefined: there is none, and the test is marked as skipped. */
export const browserOrSkip = async (t: TestContext): Promise<Browser | undefined> => {
  const executablePath = programOrSkip(t, 'chromium')
  if (executablePath === undefined) return undefined
  const browser = await chromium.launch({
    executablePath,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  })
  t.after(() => browser.close())
  return browser
}

const violations = `axe.run(document, { resultTypes: ['violations'] }).then(({ violations }) =>
  violations.flatMap(({ id, nodes }) => nodes.map(({ target }) => id + ': ' + target.join(' '))))`

/** What axe finds wrong with the page (WCAG 2.2 AA and its best practices), each as `rule: element`. */
const accessibilityFaults = async (page: Page): Promise<string[]> => {
  // once a document: it is half a megabyte
  if (!(await page.evaluate<boolean>("'axe' in window"))) await page.evaluate(axe.source)
  return page.evaluate<string[]>(violations)
}

/** Whether the page is wider than its window, so that people must scroll sideways. Charts take a moment to follow a window of another size. */
const isTooWide = (page: Page): Promise<boolean> =>
  page
    .waitForFunction('document.documentElement.scrollWidth <= document.documentElement.clientWidth', undefined, {
      timeout: 2_000,
    })
    .then(
      () => false,
      () => true,
    )

const looks = [
  { width: 390, height: 844, colorScheme: 'dark' },
  { width: 768, height: 1024, colorScheme: 'light' },
  { width: 1440, height: 900, colorScheme: 'light' },
] as const

/** What moves in is in its place. Skeletons go on for ever and are not waited for. */
const atRest = `Promise.all(document.getAnimations()
  .filter((one) => one.effect.getComputedTiming().endTime !== Infinity)
  .map((one) => one.finished.catch(() => {})))`

/**
 * Fails unless what is shown now is in order: on a phone, a tablet and a wide screen nobody has to scroll sideways, and by night and by day
 * axe finds nothing. The page stays where it is and is as large as before. `SHOTS`: a folder for pictures of it.
 */
export const assertInOrder = async (page: Page, what: string): Promise<void> => {
  const before = page.viewportSize()
  for (const { width, height, colorScheme } of looks) {
    await page.setViewportSize({ width, height })
    await page.emulateMedia({ colorScheme })
    await page.evaluate(atRest)
    const name = `${what}, ${width} ${colorScheme}`
    const tooWide = await isTooWide(page)
    const { SHOTS } = process.env
    if (SHOTS !== undefined)
      await page.screenshot({ path: `${SHOTS}/${name.replaceAll(/\W+/g, '-')}.png`, fullPage: true })
    assert.equal(tooWide, false, name)
    // a wide screen shows what a tablet does, and more
    if (width !== 768) assert.deepEqual(await accessibilityFaults(page), [], name)
  }
  if (before) await page.setViewportSize(before)
  await page.emulateMedia({ colorScheme: null })
}
