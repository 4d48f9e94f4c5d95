#include "builder/scan/code/scan_cases.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace sigil::scan {
namespace {

constexpr std::string_view kJavascriptFrame = R"(
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { exec, execSync, execFile, spawn } from "node:child_process";
import { AsyncLocalStorage } from "node:async_hooks";
import { randomUUID, randomBytes } from "node:crypto";
import crypto from "node:crypto";
import { promisify } from "node:util";
import https from "node:https";
import * as fs from "node:fs";
import path from "node:path";
import vm from "node:vm";
import axios from "axios";
import cors from "cors";
import express from "express";
import got from "got";
import jwt from "jsonwebtoken";
import open from "open";
import serialize from "node-serialize";
import { Octokit } from "octokit";
import { z } from "zod";
const execAsync = promisify(exec);
const server = new McpServer({ name: "s", version: "1" });
const app = express();
const ROOT = "/data";
const BASE = "https://api.example.io";
const ROOTS = process.argv.slice(2);
)";
constexpr std::string_view kPythonFrame = R"(
import ast, asyncio, base64, hashlib, importlib, itertools, json, os, pickle, random, re, secrets
import shlex, shutil, ssl, subprocess, tempfile, time, uuid, urllib.request
import aiohttp, httpx, jinja2, jwt, requests, yaml
from contextvars import ContextVar
from pathlib import Path
from urllib.parse import urlparse
from fastapi import FastAPI, Request
from fastapi.middleware.cors import CORSMiddleware
from fastapi.responses import RedirectResponse
from fastmcp import FastMCP, Context
from fastmcp.server.dependencies import get_access_token, get_http_headers
from mcp.server import Server
from sqlalchemy import text
from starlette.middleware.base import BaseHTTPMiddleware
mcp = FastMCP("s")
server = Server("s")
app = FastAPI()
ROOT = "/data"
API = "https://api.example.io/"
)";
constexpr std::string_view kGoFrame = R"(package main
import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
	"crypto/tls"
	"github.com/google/uuid"
	"github.com/mark3labs/mcp-go/mcp"
)
)";

std::vector<std::string> split(std::string_view text, std::string_view by) {
  std::vector<std::string> out;
  for (;;) {
    const auto at = text.find(by);
    out.emplace_back(text.substr(0, at));
    if (at == std::string_view::npos) return out;
    text.remove_prefix(at + by.size());
  }
}

std::string lines(const std::string& body, std::string_view indent) {
  std::string out;
  for (std::string line : split(body, ";;")) {
    if (line.starts_with(" ")) line.erase(0, 1);
    out += std::string(indent) + line + "\n";
  }
  return out;
}

std::string joined(const std::vector<std::string>& parts, std::string_view before,
                   std::string_view after) {
  std::string out;
  for (const std::string& part : parts)
    out += (out.empty() ? "" : ", ") + std::string(before) + part + std::string(after);
  return out;
}

std::string javascript(const std::string& given, const std::string& body) {
  const std::string frame(kJavascriptFrame);
  if (given == "-") return frame + lines(body, "");
  if (given == "req")
    return frame + "app.post('/x', async (req, res) => {\n" + lines(body, "  ") + "});\n";
  const std::vector<std::string> names = split(given, ",");
  return frame + "server.tool('t', 'd', { " + joined(names, "", ": z.string()") + " }, async ({ " +
         joined(names, "", "") + " }) => {\n" + lines(body, "  ") + "});\n";
}

std::string python(const std::string& given, const std::string& body) {
  const std::string frame(kPythonFrame);
  if (given == "-") return frame + lines(body, "");
  if (given == "req")
    return frame + "@app.post('/x')\nasync def x(request: Request):\n" + lines(body, "    ");
  return frame + "@mcp.tool()\nasync def t(" + joined(split(given, ","), "", ": str") + "):\n" +
         lines(body, "    ");
}

std::string go(const std::string& given, const std::string& body) {
  const std::string frame(kGoFrame);
  if (given == "-") return frame + lines(body, "");
  std::string out =
      frame +
      "func h(ctx context.Context, request mcp.CallToolRequest) (*mcp.CallToolResult, error) {\n";
  for (const std::string& name : split(given, ","))
    out += "\t" + name + " := request.GetString(\"" + name + "\", \"\")\n";
  return out + lines(body, "\t") + "\treturn nil, nil\n}\n";
}

ScanCase case_of(const std::string& rule, const std::string& line, int number) {
  std::istringstream words(line);
  std::string verdict;
  std::string language;
  std::string given;
  words >> verdict >> language >> given;
  const auto bar = line.find(" | ");
  const std::string body = bar == std::string::npos ? "" : line.substr(bar + 3);
  ScanCase out{rule, verdict == "fire", Language::javascript, "", number};
  if (language == "py") {
    out.language = Language::python;
    out.source = python(given, body);
  } else if (language == "go") {
    out.language = Language::go;
    out.source = go(given, body);
  } else {
    out.source = javascript(given, body);
  }
  return out;
}

}  // namespace

std::vector<ScanCase> read_scan_cases(const std::string& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".cases") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  std::vector<ScanCase> out;
  for (const auto& file : files) {
    std::ifstream in(file);
    std::string line;
    for (int number = 1; std::getline(in, line); ++number) {
      if (!line.empty()) out.push_back(case_of(file.stem().string(), line, number));
    }
  }
  return out;
}

bool is_found(const ScanCase& given) {
  const char* name = given.language == Language::python ? "case.py"
                     : given.language == Language::go   ? "case.go"
                                                        : "case.js";
  const CodeFindings found = scan_code({{name, given.source, given.language}});
  return std::any_of(found.issues.begin(), found.issues.end(), [&](const Issue& issue) {
    return issue.rule == given.rule && issue.severity != Severity::info;
  });
}

}  // namespace sigil::scan
