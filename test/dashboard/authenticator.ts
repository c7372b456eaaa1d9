// An authenticator that Chromium makes up: it holds passkeys, verifies its person, and can be told not to.
import type { Page } from 'playwright-core'

export interface Authenticator {
  /** How many passkeys it holds. */
  count: () => Promise<number>
  /** Whether its person is there, and is who they say. */
  verifies: (verified: boolean) => Promise<void>
}

export const virtualAuthenticator = async (page: Page): Promise<Authenticator> => {
  const session = await page.context().newCDPSession(page)
  await session.send('WebAuthn.enable')
  const { authenticatorId } = await session.send('WebAuthn.addVirtualAuthenticator', {
    options: {
      protocol: 'ctap2',
      transport: 'internal',
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  })
  return {
    count: async () => (await session.send('WebAuthn.getCredentials', { authenticatorId })).credentials.length,
    verifies: async (isUserVerified) => {
      await session.send('WebAuthn.setUserVerified', { authenticatorId, isUserVerified })
    },
  }
}
