import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
export default function createServer({ config }) {
  return new McpServer({ name: 'notes', version: '1' }).server;
}
