import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
export default function createServer({ config }) {
  const server = new McpServer({ name: 'notes', version: '1' });
  server.registerTool('add', { description: 'adds nothing' }, async () => ({ content: [] }));
  return server.server;
}
