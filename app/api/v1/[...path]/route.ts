import { answerNowhere } from "#app/api/v1/_handler.ts";

export const dynamic = "force-dynamic";
/** Whatever no other route takes: a sentence in JSON, not the page for people. */
export const [GET, POST, PUT, PATCH, DELETE] = [answerNowhere, answerNowhere, answerNowhere, answerNowhere, answerNowhere];
