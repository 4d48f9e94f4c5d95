def main():
    print('Hello from notes!')
