import { expect, test } from "vitest";
import { csvField, csvLine } from "#lib/domain/csv.ts";

test.each(["=1+1", "+1", "-2+3", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "  =HYPERLINK(\"http://x\")", "\uff1d1+1", "=cmd|' /C calc'!A0", "-"])("ACCEPTANCE 44: %j is text to a spreadsheet", (formula) => {
  const field = csvField(formula);
  expect(field.slice(0, 2)).toBe("\"'");
  expect(field.slice(2, -1).replaceAll('""', '"')).toBe(formula);
});

test.each([["R-214", '"R-214"'], ["a=b", '"a=b"'], ["say \"no\"", '"say ""no"""'], ["two\nlines", '"two\nlines"'], ["", '""'], [null, '""'], [-3, '"-3"'], ["Chloé, prod", '"Chloé, prod"']])("%j is kept", (value, field) => {
  expect(csvField(value)).toBe(field);
});

test("a field cannot end its line or its cell", () => {
  expect(csvLine(['a","=1', "b\r\n=2", 3])).toBe('"a"",""=1","b\r\n=2","3"\r\n');
});
