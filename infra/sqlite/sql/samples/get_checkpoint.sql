SELECT checkpoint FROM processor
