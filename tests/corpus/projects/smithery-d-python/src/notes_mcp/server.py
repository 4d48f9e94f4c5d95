from mcp.server.fastmcp import FastMCP


def create_server():
    return FastMCP("notes")
