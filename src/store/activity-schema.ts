// The tables of the second file: what changes all the time (schema.ts says why). Times are Unix milliseconds, flags 0 or 1.

export interface ActivitySchema {
  counters: { id: string; period_start: number; period_end: number; taken: number }
  /** What each process holds of a counter's present period. */
  slices: { counter_id: string; holder: string; amount: number; taken_at: number }
  last_used: { credential_id: string; last_used_at: number }
  /** What may be used once, such as the `jti` of a client's assertion: hex SHA-256. */
  used_ids: { id: string; expires_at: number }
  /** RFC 9126: authorization requests on their way. */
  pushed_requests: {
    hash: string
    client_id: string
    /** As a query. */
    parameters: string
    /** Flag: a browser has come with it. */
    opened: number
    expires_at: number
  }
  /** Where each access token of an API with status lists stands in one, and what it was made from. */
  status_entries: {
    /** The `jti` or `cti`. */
    token_id: string
    list_id: string
    list_index: number
    origin_kind: 'client' | 'grant' | 'credential'
    origin_id: string
    /** The organization that the token is for. */
    organization_id: string | null
    expires_at: number
  }
  /** When each device code was last asked about (RFC 8628 §3.5). */
  device_polls: {
    hash: string
    polled_at: number
    /** Flag: the last poll came before the interval was over. */
    early: number
    interval_ms: number
    expires_at: number
  }
  /** Decisions counted by hour and day (UTC), for each credential; '' where something is not known. */
  usage: {
    /** The organization that the request was for, else the person whose credential it was; '': nobody's. */
    owner_id: string
    width: 'hour' | 'day'
    /** When it began, Unix milliseconds. */
    bucket: number
    api: string
    environment: string
    /** The key, token or client; '': not told apart. */
    credential_id: string
    /** `valid`, or why not. */
    code: string
    count: number
  }
  /** The same for all credentials of an owner together: what charts read, however many there are. */
  usage_totals: Omit<ActivitySchema['usage'], 'credential_id'> & {
    /** What requests that were let in cost, in units of limits. */
    units: number
  }
  /** From where, with what and for what each credential was used; bounded for each. */
  sightings: {
    credential_id: string
    kind: 'network' | 'agent' | 'endpoint'
    value: string
    first_at: number
    last_at: number
    count: number
  }
  /** The latest decisions, some of those allowed left out where there are many; bounded. */
  decisions: {
    /** UUIDv7. */
    id: string
    at: number
    /** As in `usage`. */
    owner_id: string
    api: string
    environment: string | null
    credential_kind: string | null
    credential_id: string | null
    code: string
    failed_check: string | null
    detail: string | null
    method: string | null
    /** Without the query. */
    path: string | null
    ip: string | null
    user_agent: string | null
    request_id: string | null
  }
  /** E-mail on its way, sealed by SecretBox: it may hold links. */
  outbox: {
    id: string
    /** '' once it has been delivered. */
    sealed: string
    /** Hex HMAC of the address. */
    recipient: string
    /** 0: about the account itself; 1: anybody could cause it; 2: an alert. */
    by_stranger: number
    created_at: number
    expires_at: number
    attempts: number
    next_at: number
    sent_at: number | null
  }
  alerts: {
    /** UUIDv7. */
    id: string
    organization_id: string | null
    user_id: string | null
    kind: string
    subject_kind: string
    subject_id: string
    /** What may be told once: kind, subject and period. */
    once: string
    /** JSON object. */
    detail: string
    created_at: number
    dismissed_at: number | null
    /** When somebody is to be told of it, next; null: all have been. */
    tell_at: number | null
  }
  webhook_deliveries: {
    id: string
    webhook_id: string
    /** The same through every attempt. */
    message_id: string
    /** The message's type. */
    event: string
    body: string
    /** JSON list, oldest first; bounded. */
    attempts: string
    attempts_left: number
    /** null: it is over. */
    next_at: number | null
    created_at: number
    delivered_at: number | null
  }
  /** Webhooks that have failed since their last success. */
  webhook_failures: { webhook_id: string; since: number }
}
