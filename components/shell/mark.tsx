/** The lookout's nest. */
export function VigieMark({ className = "size-[18px]" }: { className?: string }) {
  return (
    <svg aria-hidden viewBox="0 0 18 18" className={className}>
      <path d="M9 1v10M4 11h10l-2 6H6z" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="m9 2 6 2-6 2z" fill="currentColor" />
    </svg>
  );
}
