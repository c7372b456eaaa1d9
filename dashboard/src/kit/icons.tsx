// Icons: strokes on a grid of 20, drawn in the colour of the text beside them and hidden from screen readers.
import type { ReactNode } from 'react'

const icon = (paths: ReactNode) =>
  function Icon({ className = 'size-4' }: { className?: string }) {
    return (
      <svg
        viewBox="0 0 20 20"
        fill="none"
        stroke="currentColor"
        strokeWidth="1.6"
        strokeLinecap="round"
        strokeLinejoin="round"
        aria-hidden="true"
        className={`shrink-0 ${className}`}
      >
        {paths}
      </svg>
    )
  }

export const KeyIcon = icon(
  <>
    <circle cx="7" cy="10" r="4" />
    <path d="M11 10h7v3.5M15 10v2.5" />
  </>,
)
export const OverviewIcon = icon(<path d="M3 9.5 10 4l7 5.5V16a1 1 0 0 1-1 1h-3.5v-4.5h-5V17H4a1 1 0 0 1-1-1z" />)
export const UsageIcon = icon(<path d="M3 17h14M5.5 14V9.5M10 14V4M14.5 14V7" />)
export const RequestsIcon = icon(<path d="M3 5.5h14M3 10h14M3 14.5h8" />)
export const AlertIcon = icon(<path d="M5 14V9a5 5 0 0 1 10 0v5l1.5 1.5h-13zM8.5 17.5h3" />)
export const AuditIcon = icon(<path d="M6 3h8a1 1 0 0 1 1 1v13l-5-2.5L5 17V4a1 1 0 0 1 1-1zM8 7h4M8 10h4" />)
export const SettingsIcon = icon(
  <path d="M4 6h6M14 6h2M4 14h2M10 14h6M12 4a2 2 0 1 1 0 4 2 2 0 0 1 0-4zM8 12a2 2 0 1 1 0 4 2 2 0 0 1 0-4z" />,
)
export const PeopleIcon = icon(
  <path d="M7.5 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM2 16.5c.3-3 2.5-4.5 5.5-4.5s5.2 1.5 5.5 4.5M13 4.3a3 3 0 0 1 0 5.4M15 12.3c1.7.6 2.8 2 3 4.2" />,
)
export const WebhookIcon = icon(
  <path d="M10 8.5a3 3 0 1 0-2.6-1.5L5.5 11.5M5 11a3 3 0 1 0 3 3.5h5M10 6l2.8 5.5a3 3 0 1 1-.5 4.5" />,
)
export const PersonIcon = icon(
  <path d="M10 10a3.2 3.2 0 1 0 0-6.4 3.2 3.2 0 0 0 0 6.4zM4 17c.4-3.2 2.8-5 6-5s5.6 1.8 6 5" />,
)
export const ShieldIcon = icon(<path d="M10 3l6 2v4.5c0 3.7-2.5 6.3-6 7.5-3.5-1.2-6-3.8-6-7.5V5zM7.5 10l2 2 3.5-4" />)
export const AppsIcon = icon(<path d="M4 4h4.5v4.5H4zM11.5 4H16v4.5h-4.5zM4 11.5h4.5V16H4zM11.5 11.5H16V16h-4.5z" />)
export const BuildingIcon = icon(
  <path d="M4 17V4a1 1 0 0 1 1-1h6a1 1 0 0 1 1 1v13M12 8h3a1 1 0 0 1 1 1v8M2.5 17h15M7 6.5h2M7 10h2M7 13.5h2" />,
)
export const MenuIcon = icon(<path d="M3 5.5h14M3 10h14M3 14.5h14" />)
export const CloseIcon = icon(<path d="M5 5l10 10M15 5 5 15" />)
export const SearchIcon = icon(<path d="M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5 17 17" />)
export const ChevronIcon = icon(<path d="M6 8l4 4 4-4" />)
export const UpDownIcon = icon(<path d="M6.5 8 10 4.5 13.5 8M6.5 12l3.5 3.5 3.5-3.5" />)
export const CheckIcon = icon(<path d="M4 10.5l4 4 8-9" />)
export const CopyIcon = icon(
  <path d="M7 7V4a1 1 0 0 1 1-1h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-3M4 7h8a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V8a1 1 0 0 1 1-1z" />,
)
export const WarnIcon = icon(<path d="M10 3.5 17.5 16.5h-15zM10 8.5v3.5M10 14.3v.1" />)
export const InfoIcon = icon(<path d="M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 9.5V13.5M10 6.7v.1" />)
export const PlusIcon = icon(<path d="M10 4v12M4 10h12" />)
export const MoreIcon = icon(<path d="M5 10h.01M10 10h.01M15 10h.01" strokeWidth="2.5" />)
