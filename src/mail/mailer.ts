// Messages to people: plain text, with one clear link where there is something to do.

export interface Mail {
  /** One address. */
  to: string
  subject: string
  text: string
  /** Anybody can have it sent to this address, as by asking for a new password: fewer of these are taken. */
  byStranger?: true
  /** About an organization's or one's own credentials: others can cause many of these, and must not drown what is told of the account. */
  isAlert?: true
}

export interface Mailer {
  /** Whether messages reach anybody. Where they do not, pages say that an operator has to hand over the link. */
  readonly available: boolean
  /**
   * Takes the message durably and returns; it is delivered, and tried again for a day, afterwards. One that is too many for its recipient, or
   * has no way to go, is left out and logged: false. Throws for an address that is none. `now`: Unix milliseconds.
   */
  send(mail: Mail, now: number): Promise<boolean>
}
