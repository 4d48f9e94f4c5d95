async function f( { if (((
