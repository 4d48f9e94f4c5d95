use rmcp::transport::stdio;
fn main() {}
