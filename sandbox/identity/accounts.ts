/** A person of the demo. `label` is what the sign-in page's button says after "Continue as". */
export interface DemoAccount {
  /** The `sub` claim: never changes. */
  id: string;
  label: string;
  does: string;
  name: string;
  email: string;
  groups: readonly string[];
}

export const demoAccounts: readonly DemoAccount[] = [
  { id: "demo-vera", label: "Vera (viewer)", does: "sees everything, changes nothing", name: "Vera, viewer", email: "vera@dreamscape.example", groups: ["dreamscape-viewers"] },
  { id: "demo-rafael", label: "Rafael (releaser)", does: "promotes and rolls back", name: "Rafael, releaser", email: "rafael@dreamscape.example", groups: ["dreamscape-releasers"] },
  { id: "demo-ada", label: "Ada (admin)", does: "may do everything, and hands out access", name: "Ada, admin", email: "ada@dreamscape.example", groups: ["dreamscape-admins"] },
];
