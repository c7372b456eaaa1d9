// How people go about a page: by keyboard alone, and on screens of every size, by day and by night. Every flow of the dashboard is tested by
// keyboard; the documents' walk-throughs (seeds.test.ts) by mouse, and the navigation of a phone by touch.
import assert from 'node:assert/strict'
import type { Locator, Page } from 'playwright-core'
import { assertInOrder } from '../browser.ts'
import type { Person, Scene } from './scene.ts'

interface Focusable {
  ownerDocument: { activeElement: Focusable | null }
  type?: string
  name?: string
}

/** What has focus is this, or another radio button of its group, from which the arrows lead on. Runs in the page. */
const isReached = (element: Focusable): boolean => {
  const { activeElement } = element.ownerDocument
  return (
    activeElement === element ||
    (element.type === 'radio' && activeElement?.type === 'radio' && activeElement.name === element.name)
  )
}

/** Goes to an element by Tab alone; fails where it cannot be reached so. */
export const tabTo = async (target: Locator, most = 120): Promise<void> => {
  await target.waitFor()
  for (let step = 0; step < most; step++) {
    if (await target.evaluate(isReached)) return
    await target.page().keyboard.press('Tab')
  }
  assert.fail(`${String(target)} is not reached by Tab`)
}

/** Goes there and presses a key on it. */
export const press = async (target: Locator, key = 'Enter'): Promise<void> => {
  await tabTo(target)
  await target.page().keyboard.press(key)
}

/** Goes there and puts a text in the place of what is in it, in one go as by pasting: what looks at it after each key sees no parts of it. */
export const enter = async (target: Locator, text: string): Promise<void> => {
  const { keyboard } = target.page()
  await press(target, 'ControlOrMeta+A')
  await (text === '' ? keyboard.press('Delete') : keyboard.insertText(text))
}

/** Turns a checkbox over, or goes from one radio button to another of its group until it is this one. */
export const tick = async (target: Locator): Promise<void> => {
  await tabTo(target)
  const { keyboard } = target.page()
  if ((await target.getAttribute('type')) !== 'radio') return keyboard.press('Space')
  for (let step = 0; step < 10 && !(await target.isChecked()); step++)
    await keyboard.press(step === 0 ? 'Space' : 'ArrowDown')
  assert.ok(await target.isChecked())
}

/** Chooses the option of a list whose text begins so. The browser takes keys that come slowly for several beginnings: then once more. */
export const pick = async (target: Locator, option: string): Promise<void> => {
  await tabTo(target)
  const chosen = target.locator('option:checked').filter({ hasText: new RegExp(`^${option}`, 'i') })
  for (let attempt = 0; attempt < 3 && (await chosen.count()) === 0; attempt++) {
    if (attempt > 0) await target.page().waitForTimeout(1_500)
    await target.page().keyboard.type(option)
  }
  assert.equal(await chosen.count(), 1, option)
}

/** Visits pages. `look` says that what is shown now must be in order on a phone, a tablet and a wide screen. */
export const onEveryScreen = async (
  scene: Scene,
  person: Person,
  visit: (page: Page, look: (what: string) => Promise<void>) => Promise<void>,
): Promise<void> => {
  const page = await scene.page(person)
  await visit(page, (what) => assertInOrder(page, what))
  await page.context().close()
}
