"""The official Python SDK: lists the tools of URL and makes CALLS (JSON [{name, arguments}])."""
import asyncio
import json
import sys

from mcp import Client


async def main(url, calls):
    async with Client(url) as client:
        tools = await client.list_tools()
        results = [await client.call_tool(call["name"], call.get("arguments", {})) for call in json.loads(calls)]
    print(json.dumps({"tools": [tool.name for tool in tools.tools],
                      "results": [result.model_dump(mode="json", by_alias=True) for result in results]}))


asyncio.run(main(*sys.argv[1:]))
