// The official TypeScript SDK, v1: lists the tools of URL and makes CALLS (JSON [{name, arguments}]).
import { Client } from '@modelcontextprotocol/sdk/client/index.js';
import { StreamableHTTPClientTransport } from '@modelcontextprotocol/sdk/client/streamableHttp.js';

const [url, calls] = process.argv.slice(2);
const client = new Client({ name: 'sigil-e2e', version: '1.0.0' });
const transport = new StreamableHTTPClientTransport(new URL(url));
await client.connect(transport);
const { tools } = await client.listTools();
const results = [];
for (const call of JSON.parse(calls)) results.push(await client.callTool(call));
await transport.terminateSession();
await client.close();
console.log(JSON.stringify({ server: client.getServerVersion(), tools: tools.map((tool) => tool.name), results }));
