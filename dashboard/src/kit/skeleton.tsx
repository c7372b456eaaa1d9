// The place of what is on its way: as large as what comes, so that nothing jumps.

/** `className` gives its size. */
export const Skeleton = ({ className = 'h-4 w-full' }: { className?: string }) => (
  <span aria-hidden="true" className={`block animate-pulse rounded-sm bg-line ${className}`} />
)

/** Lines of text, or rows. */
export const SkeletonLines = ({ count = 3 }: { count?: number }) => (
  <div role="status" className="grid gap-3">
    <span className="unseen">Loading</span>
    {Array.from({ length: count }, (_, index) => (
      <Skeleton key={index} className={`h-4 ${['w-full', 'w-11/12', 'w-4/5'][index % 3]}`} />
    ))}
  </div>
)
