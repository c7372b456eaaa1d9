// What webhooks are sent: alerts, and a test. The types are those of the messages (Standard Webhooks 1.0.0, "Event types").
import { type AlertKindName, alertKindNames } from '../alerts/kinds.ts'

export type EventName = AlertKindName

/** Those that may be chosen. */
export const eventNames: readonly EventName[] = alertKindNames

/** Sent when somebody asks for it, whatever was chosen. */
export const testEvent = 'webhook.test'
