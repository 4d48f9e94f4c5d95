// The notes themselves: a list with an upper bound. Nothing is written to disk.
export interface Note {
  id: number;
  text: string;
  tags: string[];
  createdAt: string;
}

export class Notes {
  private readonly notes: Note[] = [];
  private nextId = 1;

  constructor(private readonly limit: number) {}

  add(text: string, tags: string[]): Note {
    const note = { id: this.nextId++, text, tags, createdAt: new Date().toISOString() };
    this.notes.push(note);
    if (this.notes.length > this.limit) this.notes.shift();
    return note;
  }

  list(tag?: string): Note[] {
    return tag === undefined ? [...this.notes] : this.notes.filter((note) => note.tags.includes(tag));
  }

  search(words: string): Note[] {
    const wanted = words.toLowerCase().split(/\s+/).filter((word) => word !== '');
    return this.notes.filter((note) => wanted.every((word) => note.text.toLowerCase().includes(word)));
  }
}
