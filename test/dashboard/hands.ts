// How people go about a page: by keyboard alone, and on screens of every size, by day and by night.
import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { accessibilityFaults, isTooWide } from '../browser.ts'
import type { Person, Scene } from './scene.ts'

/** Goes to an element by Tab alone; fails where it cannot be reached so. */
export const tabTo = async (page: Page, target: Locator, most = 80): Promise<void> => {
  await target.waitFor()
  for (let step = 0; step < most; step++) {
    if (await target.evaluate((element) => element === element.ownerDocument.activeElement)) return
    await page.keyboard.press('Tab')
  }
  assert.fail(`${String(target)} is not reached by Tab`)
}

/** Goes there and presses a key on it. */
export const press = async (page: Page, target: Locator, key = 'Enter'): Promise<void> => {
  await tabTo(page, target)
  await page.keyboard.press(key)
}

const looks = [
  { viewport: { width: 390, height: 844 }, colorScheme: 'dark' },
  { viewport: { width: 768, height: 1024 }, colorScheme: 'light' },
  { viewport: { width: 1440, height: 900 }, colorScheme: 'light' },
] as const

/** Visits pages on a phone, a tablet and a wide screen. `look` says that what is shown now must be in order. */
export const onEveryScreen = async (
  scene: Scene,
  person: Person,
  visit: (page: Page, look: (what: string) => Promise<void>) => Promise<void>,
): Promise<void> => {
  for (const options of looks) {
    const page = await scene.page(person, undefined, options)
    await visit(page, async (what) => {
      const name = `${what}, ${options.viewport.width} ${options.colorScheme}`
      // what moves in is in its place
      await page.evaluate(
        'Promise.all(document.getAnimations().map((animation) => animation.finished.catch(() => {})))',
      )
      const { SHOTS } = process.env
      if (SHOTS !== undefined)
        await page.screenshot({ path: `${SHOTS}/${name.replaceAll(/\W+/g, '-')}.png`, fullPage: true })
      assert.equal(await isTooWide(page), false, name)
      // by night and by day; a wide screen shows the same as a tablet
      if (options.viewport.width < 1000) assert.deepEqual(await accessibilityFaults(page), [], name)
    })
    await page.context().close()
  }
}
