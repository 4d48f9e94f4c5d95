console.log('a web page')
