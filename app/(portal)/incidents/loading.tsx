export { ListSkeleton as default } from "#components/patterns/list-skeleton.tsx";
