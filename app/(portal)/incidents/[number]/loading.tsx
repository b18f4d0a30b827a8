export { IncidentSkeleton as default } from "#components/incident/incident-skeleton.tsx";
