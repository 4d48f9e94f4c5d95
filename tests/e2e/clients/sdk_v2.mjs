// The official TypeScript SDK, v2, which asks for the newest revision first and falls back.
import { Client, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';

const [url, calls] = process.argv.slice(2);
const client = new Client({ name: 'sigil-e2e', version: '1.0.0' }, { versionNegotiation: { mode: 'auto' } });
const transport = new StreamableHTTPClientTransport(new URL(url));
await client.connect(transport);
const { tools } = await client.listTools();
const results = [];
for (const call of JSON.parse(calls)) results.push(await client.callTool(call));
await client.close();
console.log(JSON.stringify({ server: client.getServerVersion(), tools: tools.map((tool) => tool.name), results }));
