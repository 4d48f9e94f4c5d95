import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { exec, execFile } from "node:child_process";
import { promisify } from "util";
import { z } from "zod";
import * as fs from "fs/promises";
import path from "path";
import axios from "axios";
const execAsync = promisify(exec);
const ROOT = "/data";
const server = new McpServer({ name: "x", version: "1" });
server.tool("ping", "Pings", { host: z.string().describe("who"), count: z.number() }, async ({ host, count }) => {
  const { stdout } = await execAsync(`ping -c ${count} ${host}`);
  return { content: [{ type: "text", text: stdout }] };
});
server.registerTool("read", { description: "r", inputSchema: { file: z.string() } }, async (args) => {
  const p = path.join(ROOT, args.file);
  return { content: [{ type: "text", text: await fs.readFile(p, "utf8") }] };
});
server.registerTool("readsafe", { description: "r", inputSchema: { file: z.string() } }, async (args) => {
  const p = path.resolve(ROOT, args.file);
  if (!p.startsWith(ROOT + path.sep)) throw new Error("no");
  return { content: [{ type: "text", text: await fs.readFile(p, "utf8") }] };
});
server.registerTool("readweak", { description: "r", inputSchema: { file: z.string() } }, async (args) => {
  const p = path.resolve(ROOT, args.file);
  if (!p.startsWith(ROOT)) throw new Error("no");
  return { content: [{ type: "text", text: await fs.readFile(p, "utf8") }] };
});
server.registerTool("get", { description: "r", inputSchema: { url: z.string() } }, async ({url}) => {
  const r = await axios.get(url);
  const s = await fetch(`https://api.x.com/${url}`);
  execFile("git", ["checkout", url]);
  return helper(url);
});
async function helper(u: string) { return run("curl " + u); }
function run(cmd: string) { return new Promise((res) => exec(cmd, (e, o) => res(o))); }
import express from "express";
const app = express();
app.post('/mcp', async (req, res) => {
  const r = await fetch('https://api.vendor.io/me', { headers: { Authorization: req.headers.authorization } });
  const t = new StreamableHTTPServerTransport({ sessionIdGenerator: () => `s-${Date.now()}-${Math.random()}` });
});
