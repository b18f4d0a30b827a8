import { expect, test } from "vitest";
import { samePerson } from "#lib/services/approval/same-person.ts";
import type { Behind } from "#lib/services/approval/same-person.ts";

const person = (id: string, name = id): Behind => ({ id, name, maker: null });
const token = (id: string, maker: Behind["maker"]): Behind => ({ id, name: id, maker });
const [rafael, vera, bootstrap] = [person("u1", "Rafael"), person("u2", "Vera"), person("bootstrap")];

test.each<[string, Behind, Behind, boolean]>([
  ["one and the same", rafael, rafael, true],
  ["two people", rafael, vera, false],
  ["two people of one name", rafael, person("u9", "Rafael"), false],
  ["somebody and a token they made", rafael, token("t1", { id: "u1", name: "Rafael" }), true],
  ["somebody, renamed since, and a token they made", person("u1", "Raf"), token("t1", { id: "u1", name: "Rafael" }), true],
  ["somebody and a token of another", vera, token("t1", { id: "u1", name: "Rafael" }), false],
  ["two tokens of one maker", token("t1", { id: "u1", name: "Rafael" }), token("t2", { id: "u1", name: "Rafael" }), true],
  ["two tokens of two makers", token("t1", { id: "u1", name: "Rafael" }), token("t2", { id: "u2", name: "Vera" }), false],
  ["an old token knows its maker's name only", rafael, token("t1", { id: null, name: "Rafael" }), true],
  ["an old token and one with an id, of one name", token("t1", { id: null, name: "Rafael" }), token("t2", { id: "u1", name: "Rafael" }), true],
  ["two tokens made with the bootstrap token", token("t1", { id: "bootstrap", name: "bootstrap" }), token("t2", { id: "bootstrap", name: "bootstrap" }), false],
  ["the bootstrap token and one made with it", bootstrap, token("t1", { id: "bootstrap", name: "bootstrap" }), true],
])("%s: %4$s", (_, one, other, expected) => {
  expect([samePerson(one, other), samePerson(other, one)]).toEqual([expected, expected]);
});
