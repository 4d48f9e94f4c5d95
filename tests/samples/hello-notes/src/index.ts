#!/usr/bin/env node
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';
import { Note, Notes } from './notes.js';

const limit = Number.parseInt(process.env.NOTES_LIMIT ?? '100', 10);
const notes = new Notes(Number.isFinite(limit) && limit > 0 ? limit : 100);
if (process.env.NOTES_GREETING) notes.add(process.env.NOTES_GREETING, ['greeting']);

const shown = (found: Note[]): string =>
  found.length === 0
    ? 'No notes.'
    : found.map((note) => `#${note.id} ${note.text}${note.tags.map((tag) => ` [${tag}]`).join('')}`).join('\n');

const text = (content: string) => ({ content: [{ type: 'text' as const, text: content }] });

const server = new McpServer({ name: 'hello-notes', version: '1.0.0' });

server.registerTool(
  'add_note',
  {
    title: 'Add a note',
    description: 'Keeps a note in memory and returns its number.',
    inputSchema: {
      text: z.string().min(1).max(4000).describe('What to remember'),
      tags: z.array(z.string().min(1).max(40)).max(10).optional().describe('Words to file it under'),
    },
    annotations: { readOnlyHint: false, destructiveHint: false, idempotentHint: false, openWorldHint: false },
  },
  async ({ text: content, tags }) => text(`Added note #${notes.add(content, tags ?? []).id}.`),
);

server.registerTool(
  'list_notes',
  {
    title: 'List notes',
    description: 'Lists all notes, oldest first, or those with one tag.',
    inputSchema: { tag: z.string().optional().describe('Only notes with this tag') },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  async ({ tag }) => text(shown(notes.list(tag))),
);

server.registerTool(
  'search_notes',
  {
    title: 'Search notes',
    description: 'Finds notes that contain all the given words, upper and lower case alike.',
    inputSchema: { query: z.string().min(1).describe('Words to look for') },
    annotations: { readOnlyHint: true, openWorldHint: false },
  },
  async ({ query }) => text(shown(notes.search(query))),
);

await server.connect(new StdioServerTransport());
