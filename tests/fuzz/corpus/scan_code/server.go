package main
import ("os/exec"; "os"; "context"; "github.com/mark3labs/mcp-go/mcp"; "net/http")
func handler(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {
	cmd, err := request.RequireString("cmd")
	if err != nil { return nil, err }
	out, _ := exec.Command("sh", "-c", cmd).Output()
	data, _ := os.ReadFile(request.GetString("path", ""))
	http.Get(request.GetString("url", ""))
	return mcp.NewToolResultText(string(out)+string(data)), nil
}
