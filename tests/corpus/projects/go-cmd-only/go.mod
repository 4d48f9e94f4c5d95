module git.example.org/notes-mcp

go 1.24

require github.com/mark3labs/mcp-go v0.40.0
