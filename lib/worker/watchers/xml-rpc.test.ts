import fc from "fast-check";
import { expect, test } from "vitest";
import { readXmlRpcAnswer, xmlRpcCall } from "#lib/worker/watchers/xml-rpc.ts";
import type { XmlRpcFault } from "#lib/worker/watchers/xml-rpc.ts";
import { readCall } from "#sandbox/world/supervisor-rpc.ts";

const answer = (value: string): string => `<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value>${value}</value>\n</param>\n</params>\n</methodResponse>\n`;

test.each<[string, string, unknown]>([
  ["a string", "<string>a &lt;b&gt; &amp; &#233;</string>", "a <b> & é"],
  ["a string without a type", "plain", "plain"],
  ["an empty string", "<string></string>", ""],
  ["an empty element", "<string/>", ""],
  ["numbers", "<array><data><value><int>-3</int></value><value><i4>7</i4></value><value><double>1.5</double></value></data></array>", [-3, 7, 1.5]],
  ["a boolean", "<boolean>1</boolean>", true],
  ["a struct", "<struct><member><name>state</name><value><int>20</int></value></member><member><name>list</name><value><array><data/></array></value></member></struct>", { state: 20, list: [] }],
  ["CDATA", "<string><![CDATA[<x>]]></string>", "<x>"],
])("reads %s", (_name, value, expected) => expect(readXmlRpcAnswer(answer(value))).toEqual(expected));

test("a fault is thrown with its code and sentence", () => {
  const fault = "<?xml version='1.0'?><methodResponse><fault><value><struct><member><name>faultCode</name><value><int>10</int></value></member><member><name>faultString</name><value><string>BAD_NAME: x</string></value></member></struct></value></fault></methodResponse>";
  expect(() => readXmlRpcAnswer(fault)).toThrow(expect.objectContaining({ name: "XmlRpcFault", code: 10, message: "BAD_NAME: x" }) as XmlRpcFault);
});

test.each(["", "<html>not found</html>", answer("<int>x</int>"), "<methodResponse><params>", answer("</string>"), `<!DOCTYPE a [<!ENTITY b "c">]>${answer("&b;")}`, answer("<array><data>".repeat(40))])("refuses %j", (body) => expect(() => readXmlRpcAnswer(body)).toThrow());

test("never hangs and never returns for what is not an answer, whatever comes", () => {
  fc.assert(fc.property(fc.string({ maxLength: 300 }), (text) => {
    expect(() => readXmlRpcAnswer(text)).toThrow();
  }));
});

test("a call is one that a supervisor reads, whatever stands in it", () => {
  fc.assert(fc.property(fc.string(), fc.integer(), (text, number) => {
    expect(readCall(xmlRpcCall("supervisor.tailProcessStdoutLog", [text, number]))).toEqual({ method: "supervisor.tailProcessStdoutLog", parameters: [text, number] });
  }));
});
