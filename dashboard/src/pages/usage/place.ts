// Whose requests a page tells: an organization's, one's own for no organization in particular, or nobody's.

export interface Place {
  /** In the API; its series and decisions lie below. */
  path: string
  /** The page that lists them; undefined: credentials have no page of their own there. */
  requests: string | undefined
}

export const placeOfOrganization = (id: string): Place => ({
  path: `/organizations/${id}`,
  requests: `/organizations/${id}/requests`,
})

export const ownPlace: Place = { path: '/account', requests: '/account/requests' }

/** Credentials that nobody here has. */
export const nobodysPlace: Place = { path: '', requests: undefined }
