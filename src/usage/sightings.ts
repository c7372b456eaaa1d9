// From where, with what and for what a credential is used, in words that hold no secret and stay few.

/** Of one kind for one credential; the coldest go. */
export const maxSightings = 20
